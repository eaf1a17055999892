"""S3, KMS and EC2, where moto answers differently from AWS."""
