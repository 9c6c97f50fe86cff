"""attnviz in the browser: `streamlit run app.py`."""

from attnviz.ui.app import main

main()
