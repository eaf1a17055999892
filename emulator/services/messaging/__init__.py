"""SQS and SNS."""
