"""attnviz in the browser: `streamlit run app.py`.

Streamlit finds the `App` below and loads this file once, before it lets anyone in; then it runs it for every visitor.
"""

if __name__ == "__main__":
    from attnviz.ui.frame.app import main

    main()
else:
    from streamlit.starlette import App

    from attnviz.ui.frame.direct import route
    from attnviz.ui.frame.server import serving

    app = App(__file__, lifespan=serving, routes=[route()])
