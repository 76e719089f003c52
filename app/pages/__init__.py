"""One file per view; each reads as the page it draws."""
