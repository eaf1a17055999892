"""Foundation models, emulated: a small text model of this project, declared as a stand-in.

It shows that prompts, parameters and token counts arrive; it shows nothing about the quality of a real model.
Embeddings are hashed words. Guardrails are evaluated by rules: as on AWS where a rule suffices (words, patterns,
personal data of a fixed form), as a stand-in where AWS uses a model (topics, harmful content), and reported where no
rule can.
With `EMULATOR_OPENAI_BASE_URL` set, requests are forwarded to an OpenAI-compatible server instead.
"""
