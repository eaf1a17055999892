"""Foundation models, locally: a small text model of the project's own, plainly a stand-in.

It shows that prompts, parameters and token counts travel; it shows nothing about the quality of a real model.
With `EMULATOR_OPENAI_BASE_URL` set, requests are forwarded to an OpenAI-compatible server instead.
"""
