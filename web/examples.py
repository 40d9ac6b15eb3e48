"""Examples of the OpenAPI document: one real answer, shortened to its first passage."""

from typing import Any

ANSWER: dict[str, Any] = {
    "question": {"text": "Where was the XV annual meeting of the RCM held?", "lang": "en", "interpreted_as": None, "filters": {}},
    "status": "answered",
    "confidence": {
        "level": "high",
        "p": 0.9971,
        "reason": "The marked words answer the question directly.",
    },
    "answer": {
        "text": "XV RCM, 2010: the fifteenth annual meeting of the RCM was held in Tapachula, Mexico, in May 2010 and "
        "was scheduled to run four days.",
        "lang": "en",
        "citations": [1],
    },
    "passages": [
        {
            "rank": 1,
            "citation": 1,
            "id": "overview-chronology-of-meetings:4526-5222",
            "lang": "en",
            "document": {
                "id": "overview-chronology-of-meetings",
                "title": "Chronology of the annual meetings of the Regional Conference on Migration (RCM), 1996 to today",
                "publisher": "RCM Answers",
                "published": None,
                "lang": "en",
                "url": None,
                "kind": "overview",
                "sha256": "29d7758f567b54aa7f7f410b2b344a715cb07d687ba942368c88c853bcf7d212",
                "variants": {"es": "overview-chronology-of-meetings.es"},
            },
            "section": ["2008 to 2012: XIII to XVII RCM"],
            "page": None,
            "text": "The month is worked out from a speech of IOM's Director General that is dated 10 July 2009.\n"
            "\n"
            "XV RCM, 2010: the fifteenth annual meeting of the RCM was held in Tapachula, Mexico, in May 2010 "
            'and was scheduled to run four days. Its theme was "Migration and its Impact on the Family". The '
            "year and the month are worked out from the RCGM of 18 and 19 May 2010 in Tapachula; the sources "
            "read do not name the presidency.\n"
            "\n"
            "XVI RCM, 2011: the sixteenth annual meeting of the RCM was held in the Dominican Republic in 2011, "
            'under the Dominican presidency. The theme of the 2011 meeting was "Migración y trabajo, '
            'corresponsabilidad entre los Estados" (migration and work, co-responsibility between states).',
            "start": 4526,
            "end": 5222,
            "highlights": [
                {"start": 4619, "end": 4751, "kind": "answer"},
                {"start": 4619, "end": 4621, "kind": "match"},
                {"start": 4622, "end": 4625, "kind": "match"},
                {"start": 4637, "end": 4646, "kind": "match"},
                {"start": 4647, "end": 4661, "kind": "match"},
                {"start": 4669, "end": 4672, "kind": "match"},
                {"start": 4677, "end": 4681, "kind": "match"},
                {"start": 4946, "end": 4949, "kind": "match"},
                {"start": 4971, "end": 4985, "kind": "match"},
                {"start": 4993, "end": 4996, "kind": "match"},
                {"start": 5001, "end": 5005, "kind": "match"},
                {"start": 5095, "end": 5102, "kind": "match"},
            ],
            "links": {
                "viewer": "/documents/overview-chronology-of-meetings?start=4619&end=4751#hit",
                "original": None,
                "cite": "/api/v1/passages/overview-chronology-of-meetings:4526-5222/cite",
            },
            "explain": {
                "dense_rank": 9,
                "lexical_rank": 2,
                "fused_rank": 1,
                "matched_terms": ["XV", "RCM", "fifteenth", "annual", "annual meeting", "meeting", "held"],
                "gloss": [],
                "nearest": [],
                "reason": "Contains XV, RCM, fifteenth, annual, annual meeting, meeting, ranks 9 by meaning, 2 by words.",
                "score": 1.42904,
            },
        }
    ],
    "suggestions": [],
    "facets": {"year": {"2010": 4}, "lang": {"en": 4}, "kind": {"press-release": 3}, "publisher": {"IOM": 3}},
    "index": {
        "generation": "20260101T120000-0a1b2c3d",
        "built_at": "2026-01-01T12:00:00+00:00",
        "model": "all-MiniLM-L6-v2",
        "documents": 354,
        "passages": 1013,
        "stale": False,
        "degraded": False,
    },
    "notes": [],
    "took_ms": {
        "understand": 0.6,
        "embed": 8.1,
        "lexical": 1.5,
        "dense": 0.3,
        "fuse": 1.9,
        "extract": 6.3,
        "decide": 0.8,
        "suggest": 0.0,
        "total": 19.5,
    },
}

SEARCH: dict[str, Any] = {
    "question": {"text": "Where was the XV annual meeting of the RCM held?", "lang": "en", "interpreted_as": None, "filters": {}},
    "passages": [
        {
            "rank": 1,
            "citation": 1,
            "id": "overview-chronology-of-meetings:4526-5222",
            "lang": "en",
            "document": {
                "id": "overview-chronology-of-meetings",
                "title": "Chronology of the annual meetings of the Regional Conference on Migration (RCM), 1996 to today",
                "publisher": "RCM Answers",
                "published": None,
                "lang": "en",
                "url": None,
                "kind": "overview",
                "sha256": "29d7758f567b54aa7f7f410b2b344a715cb07d687ba942368c88c853bcf7d212",
                "variants": {"es": "overview-chronology-of-meetings.es"},
            },
            "section": ["2008 to 2012: XIII to XVII RCM"],
            "page": None,
            "text": "The month is worked out from a speech of IOM's Director General that is dated 10 July 2009.\n"
            "\n"
            "XV RCM, 2010: the fifteenth annual meeting of the RCM was held in Tapachula, Mexico, in May 2010 "
            'and was scheduled to run four days. Its theme was "Migration and its Impact on the Family". The '
            "year and the month are worked out from the RCGM of 18 and 19 May 2010 in Tapachula; the sources "
            "read do not name the presidency.\n"
            "\n"
            "XVI RCM, 2011: the sixteenth annual meeting of the RCM was held in the Dominican Republic in 2011, "
            'under the Dominican presidency. The theme of the 2011 meeting was "Migración y trabajo, '
            'corresponsabilidad entre los Estados" (migration and work, co-responsibility between states).',
            "start": 4526,
            "end": 5222,
            "highlights": [],
            "links": {
                "viewer": "/documents/overview-chronology-of-meetings?start=4619&end=4751#hit",
                "original": None,
                "cite": "/api/v1/passages/overview-chronology-of-meetings:4526-5222/cite",
            },
            "explain": {
                "dense_rank": 9,
                "lexical_rank": 2,
                "fused_rank": 1,
                "matched_terms": [],
                "gloss": [],
                "nearest": [],
                "reason": "",
                "score": 1.42904,
            },
        }
    ],
    "total": 64,
    "limit": 1,
    "offset": 0,
    "notes": [],
    "index": {
        "generation": "20260101T120000-0a1b2c3d",
        "built_at": "2026-01-01T12:00:00+00:00",
        "model": "all-MiniLM-L6-v2",
        "documents": 354,
        "passages": 1013,
        "stale": False,
        "degraded": False,
    },
}

BATCH_LINES = (
    '{"id": "a", "result": {"question": {"text": "What is the Puebla Process?", "lang": "en"}, "status": "answered"}}\n'
    '{"id": "b", "error": {"type": "/problems/bad-question", "title": "The question cannot be asked", "status": 400}}\n'
)
