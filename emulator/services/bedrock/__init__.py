"""Foundation models, locally: a small text model of the project's own, plainly a stand-in.

It shows that prompts, parameters and token counts travel; it shows nothing about the quality of a real model.
Embeddings are hashed words. Guardrails are judged by rules: rightly where a rule suffices (words, patterns, personal
data of a fixed form), as a stand-in where AWS asks a model (topics, harmful content), and on record where no rule can.
With `EMULATOR_OPENAI_BASE_URL` set, requests are forwarded to an OpenAI-compatible server instead.
"""
