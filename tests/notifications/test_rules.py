"""Who is told what when something was recorded (issue 2, item 7; F76)."""

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.notifications.samples import (
    CLERK,
    SECRET,
    booked,
    closed,
    converted,
    exceeded,
    hired,
    kept,
    one,
    silent,
    telling,
    transferred,
)

from notifications.rendering import TEMPLATES, Words, render
from notifications.rules import COURSE_UNNAMED, MESSAGES_AT_MOST, Message, Urgency, messages
from shared.envelope import Recorded
from shared.events import (
    Channel,
    CommandVoided,
    Event,
    Post,
    PostChanged,
    Rating,
    SeparationReason,
    WorkerAppraised,
    WorkerRegraded,
    WorkerSeparated,
    WorkerTrained,
)

AMOUNT = re.compile(r"\d[.．]\d\d|\d\s*[元块]|[¥￥]")
IDENTITY_NUMBER = re.compile(r"(?<![0-9A-Za-z])\d{17}[\dXx](?![0-9A-Za-z])")


def told(recorded: Recorded) -> dict[str, Message]:
    """The messages of the event by recipient."""
    found = messages(recorded)
    by_recipient = {message.recipient: message for message in found}
    assert len(by_recipient) == len(found), "each message has another recipient"
    return by_recipient


def words_to(recipient: str, event: Event, effective: str = "2020-10-01") -> Words:
    """What the recipient reads about the event."""
    return render(told(one(event, effective=effective))[recipient])


def test_a_hire_tells_the_worker_since_when_where_and_as_what() -> None:
    words = words_to("worker/w-1", hired())
    assert words.subject == "任职通知"
    assert "您自2020年10月1日起在社区 xinhua 任专职工作人员，岗位等级1级。" in words.body
    assert "进入渠道：公开招考。" in words.body


def test_a_hire_tells_the_office_of_the_community() -> None:
    assert set(told(one(hired()))) == {"worker/w-1", "community/xinhua"}
    assert "社区工作者 w-1 自2020年10月1日起在本社区任专职工作人员。" in words_to("community/xinhua", hired()).body


def test_somebody_without_a_grade_reads_of_none() -> None:
    assert "等级" not in words_to("worker/w-1", hired(grade=None, channel=Channel.LEGACY)).body


def test_a_transfer_tells_the_worker_and_both_offices() -> None:
    assert set(told(one(transferred()))) == {"worker/w-1", "community/xinhua", "community/dongzhou"}
    assert "您自2020年11月15日起调至社区 dongzhou。" in words_to("worker/w-1", transferred(), "2020-11-15").body
    assert "w-1 自2020年10月1日起调往社区 dongzhou。" in words_to("community/xinhua", transferred()).body
    assert "w-1 自2020年10月1日起由社区 xinhua 调入本社区。" in words_to("community/dongzhou", transferred()).body


def test_a_change_of_grid_tells_the_one_office_once() -> None:
    moved = transferred("xinhua", "xinhua", "g-7")
    assert set(told(one(moved))) == {"worker/w-1", "community/xinhua"}
    assert "负责网格 g-7" in words_to("community/xinhua", moved).body


def test_a_post_change_names_both_posts_and_the_grade() -> None:
    changed = PostChanged(from_post=Post.DEDICATED, post=Post.MEMBER, grade=3)
    assert "由专职工作人员改任委员，岗位等级3级。" in words_to("worker/w-1", changed).body


def test_a_grade_change_names_both_grades() -> None:
    assert "由1级定为2级。" in words_to("worker/w-1", WorkerRegraded(from_grade=1, grade=2, reason="满三年")).body


@pytest.mark.parametrize(
    ("rating", "word"),
    [(Rating.EXCELLENT, "优秀"), (Rating.COMPETENT, "合格"), (Rating.MARGINAL, "基本合格"), (Rating.UNFIT, "不合格")],
)
def test_an_appraisal_tells_the_worker_alone(rating: Rating, word: str) -> None:
    appraised = WorkerAppraised(year=2020, rating=rating)
    assert set(told(one(appraised))) == {"worker/w-1"}
    assert f"您2020年度考核等次为：{word}。" in words_to("worker/w-1", appraised).body


def test_a_training_names_the_course_and_its_hours() -> None:
    trained = WorkerTrained(course="社区治理基础", hours=40, initial=True)
    assert "完成岗前培训《社区治理基础》，共40学时" in words_to("worker/w-1", trained).body


def test_a_conversion_is_urgent_and_tells_offices_only_when_somebody_moves() -> None:
    assert set(told(one(converted()))) == {"worker/w-1"}
    assert told(one(converted()))["worker/w-1"].urgency is Urgency.URGENT
    assert set(told(one(converted("a", "b")))) == {"worker/w-1", "community/a", "community/b"}


def test_who_leaves_is_told_the_first_day_out_of_service() -> None:
    left = WorkerSeparated(reason=SeparationReason.RETIRED)
    assert "您自2020年10月1日起不再在岗，原因：退休。" in words_to("worker/w-1", left).body


def test_a_void_tells_the_worker_which_act_was_withdrawn() -> None:
    voided = CommandVoided(command_id="c-41", reason="录入有误")
    assert told(one(voided))["worker/w-1"].urgency is Urgency.URGENT
    assert "（登记编号 c-41）已作废" in words_to("worker/w-1", voided).body


def test_a_void_tells_the_office_on_whose_stream_it_stands() -> None:
    recorded = one(CommandVoided(command_id="c-41", reason="录入有误"), "community/xinhua")
    assert set(told(recorded)) == {"community/xinhua"}
    assert "与本社区有关的决定（登记编号 c-41）已作废" in render(told(recorded)["community/xinhua"]).body


def test_a_closed_run_tells_the_workers_of_the_city_and_its_finance_office() -> None:
    recorded = one(closed(), "run/chibi/2020-10/1")
    assert set(told(recorded)) == {"workers/chibi", "finance/chibi"}
    assert "2020年10月工资批次已关账" in render(told(recorded)["workers/chibi"]).body
    assert "明细行数：535\n" in render(told(recorded)["finance/chibi"]).body


def test_finance_is_told_of_a_voucher_that_it_booked_otherwise() -> None:
    """F25: of the voucher and how many of its lines, and of no amount."""
    recorded = one(booked(otherwise=1), "run/chibi/2020-10/1")
    assert set(told(recorded)) == {"finance/chibi"}
    assert "凭证 2020/1/city/chibi 有1行入账与送出不一致。" in render(told(recorded)["finance/chibi"]).body
    assert told(one(booked(), "run/chibi/2020-10/1")) == {}


@pytest.mark.parametrize(
    ("payer", "place"),
    [
        ("city/chibi", "city/chibi"),
        ("district/north", "city/chibi"),
        ("street/puqi", "street/puqi"),
        ("community/xinhua", "community/xinhua"),
    ],
)
def test_finance_and_the_place_that_pays_are_told_of_a_year_beyond_its_budget_and_of_its_end(
    payer: str, place: str
) -> None:
    """F21: the payer and the year, and no figure of either."""
    found = told(one(exceeded(payer), "policy/chibi"))
    assert {to: message.urgency for to, message in found.items()} == dict.fromkeys(
        ("finance/chibi", place), Urgency.URGENT
    )
    assert f"承担主体 {payer} 2020年全年支出将超过年度预算。" in render(found[place]).body
    over = told(one(kept(payer), "policy/chibi"))
    assert {to: message.urgency for to, message in over.items()} == dict.fromkeys(
        ("finance/chibi", place), Urgency.NORMAL
    )
    assert f"承担主体 {payer} 2020年全年支出已不再超过年度预算" in render(over["finance/chibi"]).body


def test_a_supplementary_run_says_which_one() -> None:
    recorded = one(closed(sequence=2), "run/chibi/2020-10/2")
    assert "2020年10月第2批（补充批次）工资批次" in render(told(recorded)["workers/chibi"]).body


@pytest.mark.parametrize("recorded", silent(), ids=lambda recorded: f"{recorded.type} on {recorded.stream}")
def test_what_concerns_nobody_by_itself_tells_nobody(recorded: Recorded) -> None:
    assert messages(recorded) == ()


@pytest.mark.parametrize("recorded", telling(), ids=lambda recorded: recorded.type)
def test_every_message_has_words_and_the_number_of_its_act(recorded: Recorded) -> None:
    found = told(recorded)
    assert 1 <= len(found) <= MESSAGES_AT_MOST
    for message in found.values():
        words = render(message)
        assert words.subject.endswith("通知")
        assert "登记编号：c-0\n" in words.body
        assert "{" not in words.body


def test_no_template_is_left_unused_and_none_is_missing() -> None:
    used = {f"{message.template}.txt" for recorded in telling() for message in messages(recorded)}
    assert used == {path.name for path in TEMPLATES.iterdir()}


@pytest.mark.parametrize("path", sorted(TEMPLATES.iterdir()), ids=lambda path: path.stem)
def test_F76_no_template_can_hold_an_amount_an_identity_number_or_a_name(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    asked = set(re.findall(r"{{\s*(\w+)\s*}}", text))
    assert asked <= {
        *("since", "act", "voided", "worker", "community", "grid", "post", "from_post", "path", "grade", "from_grade"),
        *("admission", "year", "rating", "from_rating", "course", "hours", "kind", "certificate", "education"),
        "reason",
        *("month", "sequence", "lines", "position", "check", "voucher", "payer"),
    }
    assert text.count("{{") == len(re.findall(r"{{\s*\w+\s*}}", text)), "a template shows values, it computes none"
    assert not re.search(r"\d", re.sub(r"{%.*?%}", "", text)), "a template has no figure of its own"
    assert "元" not in text
    assert "fen" not in text


@pytest.mark.parametrize("recorded", telling(), ids=lambda recorded: recorded.type)
def test_F76_free_text_of_clerks_their_names_and_ciphertext_stay_out(recorded: Recorded) -> None:
    for message in messages(recorded):
        words = render(message)
        shown = words.subject + words.body
        assert CLERK not in shown
        assert SECRET not in shown
        assert not AMOUNT.search(shown)
        assert not IDENTITY_NUMBER.search(shown)
        assert "160262000" not in shown


secretive = st.sampled_from(
    [
        "421281199001010016",
        "42128119951231103X",
        "4212 8119 9001 0100 16",
        "2620.00",
        "￥2620",
        "2,729元",
        "13971234567",
    ]
)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.one_of(secretive, st.text(max_size=12)), max_size=4).map("".join))
def test_F76_whatever_stands_in_a_course_title_no_amount_and_no_identity_number_is_shown(course: str) -> None:
    (message,) = messages(one(WorkerTrained(course=course, hours=8)))
    body = render(message).body
    assert not AMOUNT.search(body)
    assert not IDENTITY_NUMBER.search(re.sub(r"[ \-]", "", body))
    assert len(body.splitlines()) == 3, "a title stays on its line"


@settings(deadline=None, max_examples=20)
@given(secretive)
def test_F76_a_title_with_a_secret_is_left_out_as_a_whole(secret: str) -> None:
    (message,) = messages(one(WorkerTrained(course=f"培训{secret}班", hours=8)))
    assert message.values["course"] == COURSE_UNNAMED
