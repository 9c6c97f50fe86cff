"""The frame of every page: app, navigation, sidebar, controls, notices, address."""
