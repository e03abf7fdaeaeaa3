"""What a cell says in words of the office: days as they are written in China, and the Chinese words for our codes."""

import re
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from enum import StrEnum

from shared.events import Certificate, Channel, Education, Post, Rating
from shared.refusal import Refused

_DAY = re.compile(
    r"(\d{4})(?:-(\d{1,2})-(\d{1,2})|/(\d{1,2})/(\d{1,2})|\.(\d{1,2})\.(\d{1,2})|年(\d{1,2})月(\d{1,2})日)"
)
_SERIAL = re.compile(r"\d{5}")
_SERIAL_ZERO = date(1899, 12, 30)
"""A spreadsheet counts its days from here on, since March 1900."""
DAY_FORMS = "write it as 2021-01-05, 2021/1/5 or 2021年1月5日"

WORDS: Mapping[str, tuple[type[StrEnum], Mapping[str, StrEnum]]] = {
    "post": (
        Post,
        {
            "正职": Post.HEAD,
            "社区正职": Post.HEAD,
            "副职": Post.DEPUTY,
            "社区副职": Post.DEPUTY,
            "委员": Post.MEMBER,
            "专职": Post.DEDICATED,
            "专职工作人员": Post.DEDICATED,
            "网格员": Post.DEDICATED,
        },
    ),
    "channel": (
        Channel,
        {
            "公开招聘": Channel.EXAM,
            "考试": Channel.EXAM,
            "转聘": Channel.CONVERSION,
            "选举": Channel.ELECTION,
            "任命": Channel.APPOINTMENT,
            "原有人员": Channel.LEGACY,
            "老人": Channel.LEGACY,
        },
    ),
    "education": (
        Education,
        {
            "高中": Education.HIGH_SCHOOL,
            "中专": Education.HIGH_SCHOOL,
            "大专": Education.COLLEGE,
            "专科": Education.COLLEGE,
            "本科": Education.BACHELOR,
            "硕士": Education.MASTER,
            "博士": Education.DOCTOR,
        },
    ),
    "rating": (
        Rating,
        {
            "优秀": Rating.EXCELLENT,
            "合格": Rating.COMPETENT,
            "称职": Rating.COMPETENT,
            "基本合格": Rating.MARGINAL,
            "基本称职": Rating.MARGINAL,
            "不合格": Rating.UNFIT,
            "不称职": Rating.UNFIT,
        },
    ),
    "certificate": (
        Certificate,
        {
            "助理社会工作师": Certificate.ASSISTANT,
            "社会工作师": Certificate.SOCIAL_WORKER,
            "高级社会工作师": Certificate.SENIOR,
        },
    ),
}
"""Column → the codes that it takes, and the words that are read as them."""


def day(column: str) -> Callable[[str], str]:
    """The day of a cell as YYYY-MM-DD. Refused `broken-row`."""

    def form(text: str) -> str:
        found = _DAY.fullmatch(text)
        try:
            if found is not None:
                return date(*(int(part) for part in found.groups() if part is not None)).isoformat()
            if _SERIAL.fullmatch(text) is not None:
                return (_SERIAL_ZERO + timedelta(days=int(text))).isoformat()
        except ValueError:
            raise broken(column, "names a day that no calendar has", DAY_FORMS) from None
        raise broken(column, "is no day", DAY_FORMS)

    return form


def code(column: str) -> Callable[[str], str]:
    """The code of a cell, or of the word for it. Refused `broken-row`, with all that may be written."""
    codes, words = WORDS[column]
    listed = "; ".join(f"{one} ({', '.join(word for word in words if words[word] is one)})" for one in codes)
    known = {**words, **{one.value: one for one in codes}}

    def form(text: str) -> str:
        if text not in known:
            raise broken(column, "holds a word that is not known there", f"write one of: {listed}")
        return known[text].value

    return form


def broken(column: str, detail: str, remedy: str) -> Refused:
    """The refusal of a cell; what stands in it is not repeated."""
    return Refused("broken-row", f"{column} {detail}", pointer=f"/{column}", remedy=remedy)
