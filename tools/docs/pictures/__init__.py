"""docs/img/*.svg: one module a picture, each with `picture()`; `canvas` draws for all of them."""
