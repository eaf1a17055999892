"""API Gateway: routing of requests to deployed stages, authorizers, throttling and Lambda proxies."""
