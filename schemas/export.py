"""Write each wire model as a JSON Schema: `python -m schemas.export`. A test keeps the files equal to the models."""

import json
from pathlib import Path

from pydantic import BaseModel

from schemas.article import Article
from schemas.assessment import Assessment
from schemas.catalogue import Indicator, Problem, Source
from schemas.event import Event
from schemas.indication import Indication
from schemas.rejection import Rejection
from schemas.report import Report, SourceSeen
from schemas.review import Review
from schemas.tick import Tick

FOLDER = Path(__file__).with_name("exported")
MODELS: tuple[type[BaseModel], ...] = (
    Article,
    Event,
    Review,
    Tick,
    Indication,
    Report,
    SourceSeen,
    Assessment,
    Rejection,
    Problem,
    Indicator,
    Source,
)


def exported() -> dict[str, str]:
    """File name and text of every schema."""
    return {
        f"{model.__name__.lower()}.json": json.dumps(model.model_json_schema(), indent=2, ensure_ascii=False)
        + "\n"
        for model in MODELS
    }


if __name__ == "__main__":
    for name, text in exported().items():
        (FOLDER / name).write_text(text, encoding="utf-8")
