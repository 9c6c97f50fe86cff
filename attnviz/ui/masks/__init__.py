"""The page Masks: paint what may be seen, and see everything that follows.

`setting` and `operations` hold what the user did, `compute` what the model makes of it, `picture` what travels to the
browser (`attnviz.ui.masks.stage`), `page` puts them on the screen.
"""
