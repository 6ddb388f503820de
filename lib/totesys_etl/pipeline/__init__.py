"""The jobs' stories: the only room that sees source, capture, lake, star and warehouse."""
