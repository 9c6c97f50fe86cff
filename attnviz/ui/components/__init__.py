"""Our own canvas components (st.components.v2: no iframe, no CDN) and how arrays travel to them."""
