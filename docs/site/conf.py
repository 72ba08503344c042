# Sphinx's settings for the site. build_site.py calls Sphinx and says the version and where Doxygen's XML lies.
project = "acre"
author = "the acre authors"
extensions = ["myst_parser", "breathe", "sphinx_copybutton", "sphinx_inline_tabs"]
breathe_default_project = "acre"
breathe_projects = {}
breathe_show_include = False
myst_heading_anchors = 4
primary_domain = "cpp"
highlight_language = "cpp"

html_theme = "furo"
html_static_path = ["style.css"]
html_css_files = ["style.css"]
html_show_sphinx = False
html_show_copyright = False
html_copy_source = False
# Those whose colours all stand out from their background.
pygments_style = "xcode"
pygments_dark_style = "github-dark"
