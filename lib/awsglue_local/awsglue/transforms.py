"""AWS Glue's transforms: refused one by one when imported by name; `import *` gives nothing."""

from awsglue._refusal import TRANSFORMS_PAGE, refusal

__all__: list[str] = []


def __getattr__(name: str) -> object:
    if name.startswith("__"):
        raise AttributeError(name)
    raise refusal(f"awsglue.transforms.{name}", TRANSFORMS_PAGE)
