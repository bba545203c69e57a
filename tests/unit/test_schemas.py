"""Models and what is exported of them."""

import pytest
from pydantic import BaseModel, ValidationError

from schemas.export import FOLDER, MODELS, exported


def test_exported_schemas_are_those_of_the_models() -> None:
    assert {p.name: p.read_text(encoding="utf-8") for p in FOLDER.glob("*.json")} == exported(), (
        "run: python -m schemas.export"
    )


@pytest.mark.parametrize("model", MODELS)
def test_models_are_frozen(model: type[BaseModel]) -> None:
    made = model.model_construct()
    with pytest.raises(ValidationError, match="frozen"):
        setattr(made, next(iter(model.model_fields)), "changed")
