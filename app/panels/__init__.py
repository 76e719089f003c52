"""One file per panel of a page; each draws a scene and calls back into the visit."""
