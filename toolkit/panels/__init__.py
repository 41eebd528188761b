"""One ipywidgets panel a step; each a model and a view."""
