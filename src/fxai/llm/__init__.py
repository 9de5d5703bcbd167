"""Causal language models that answer an integer signal, adapted by LoRA. Needs the extra `llm`."""
