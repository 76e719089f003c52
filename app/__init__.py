"""The explorer: what a person sees of esvae_core. Start it with `streamlit run app/main.py`."""
