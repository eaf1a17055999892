"""Feature Store's data: records by identifier online, every version of them offline.

    records   validation by the group's definitions, and the online store: the newest event time wins
    offline   Parquet objects by hour of the event time, and their table
    runtime   the operations of `sagemaker-featurestore-runtime`

The groups themselves are SageMaker's control plane: `emulator.services.sagemaker.moto_feature_store`.
"""
