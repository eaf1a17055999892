"""Put finished models into the registry, and take versions live that no pipeline has trained.

An imported archive goes the way of a trained one: it is checked, hashed, and copied by the function `model_artifacts`
to a key that contains its hash. No training job vouches for it; its identity is that hash.
"""
