"""How requests arrive: which ones are let in at all, and which part of the emulator answers them."""
