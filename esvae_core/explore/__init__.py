"""What the views compute: atlases, effects, paths between latents."""
