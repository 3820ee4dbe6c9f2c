"""What all parts of a pack are made of."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

# Pattern -> what it asks for, told to authors whose text does not fit it.
FORMS = {
    (SLUG := r"^[a-z0-9][a-z0-9-]{0,63}$"): "lower-case letters without diacritics, digits and hyphens",
    (LINE := r"^[^\r\n]+$"): "one line of text",
    (ADDRESS := r"^[a-z0-9][a-z0-9._+-]*@[a-z0-9-]+(\.[a-z0-9-]+)+$"): "an e-mail address in lower case",
    (DOMAIN := r"^[a-z0-9-]+(\.[a-z0-9-]+)+$"): "a domain in lower case, `lipovany.test`",
    (PHONE := r"^\+?[0-9][0-9 ]{2,19}$"): "a telephone number of digits and spaces, `+420 555 010 100`",
    (LINK := r"^https://[^\s]+$"): "a link that begins with https://",
    (REASON := r"^[a-z][a-z0-9]*([.-][a-z0-9]+)*$"): "a reason's code, `place.street`",
    (VERSION := r"^[0-9]+\.[0-9]+$"): "two numbers in quotation marks, `'1.0'`",
}

ReasonCode = Annotated[str, Field(pattern=REASON)]
"""As it stands in a decision: `place.street`."""
Slug = Annotated[str, Field(pattern=SLUG)]
Line = Annotated[str, Field(min_length=1, max_length=300, pattern=LINE)]
Paragraph = Annotated[str, Field(min_length=1, max_length=4000)]
Address = Annotated[str, Field(pattern=ADDRESS)]
Domain = Annotated[str, Field(pattern=DOMAIN)]
Phone = Annotated[str, Field(pattern=PHONE)]
Link = Annotated[str, Field(pattern=LINK)]
Version = Annotated[str, Field(pattern=VERSION)]


class Model(BaseModel):
    """Base of the parts: nothing unknown is let in, nothing changes after creation."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)
