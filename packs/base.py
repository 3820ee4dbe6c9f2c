"""What all parts of a pack are made of."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Slug = Annotated[
    str,
    Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$", description="Lower-case letters without diacritics, digits, hyphens."),
]
Line = Annotated[str, Field(min_length=1, max_length=300, pattern=r"^[^\r\n]+$", description="One line of text.")]
Paragraph = Annotated[str, Field(min_length=1, max_length=4000)]
Address = Annotated[
    str, Field(pattern=r"^[a-z0-9][a-z0-9._+-]*@[a-z0-9-]+(\.[a-z0-9-]+)+$", description="E-mail address, lower case.")
]
Phone = Annotated[str, Field(pattern=r"^\+?[0-9][0-9 ]{2,19}$", description="Telephone number, digits and spaces.")]
Link = Annotated[str, Field(pattern=r"^https://[^\s]+$", description="Link, https only.")]


class Model(BaseModel):
    """Base of the parts: nothing unknown is let in, nothing changes after creation."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)
