"""The script that Streamlit runs, and what is around every page.

It has a folder of its own: Streamlit takes a folder `pages` beside the script for pages of another kind.
"""
