"""Many runs from one file: which they are (`plan`), and running them side by side (`launch`)."""
