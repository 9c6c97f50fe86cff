"""attnviz in the browser: `streamlit run app.py`."""

from attnviz.ui.frame.app import main

main()
