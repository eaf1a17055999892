"""What EventBridge, SNS and CloudWatch decide: which event matches, what a target receives, when, how often.

Nothing here knows moto. The seams find the rules and targets, and do the calls.
"""
