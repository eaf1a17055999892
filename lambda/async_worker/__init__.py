"""Process queued requests to asynchronous Bedrock blueprints."""
