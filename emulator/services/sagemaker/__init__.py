"""SageMaker: training, processing and transform jobs, endpoints, registry, Studio and scaling."""
