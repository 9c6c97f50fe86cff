"""Models from elsewhere behind `WatchedModel` and `Tokens`: Hugging Face's, and modules of one's own.

transformers is an optional extra and takes a second to import: nothing here imports it before it is needed.
"""
