"""Users and templates of an office, and what a template allows."""

import datetime

import pytest
from tests.integration.two_offices import OfficeWithAll

from loonbrug.access import operations, queries
from loonbrug.access.models import User
from loonbrug.access.rights import Level, NotAllowedError, NotFoundError, Part
from loonbrug.audit.queries import of_subject
from loonbrug.ledger.problems import ProblemsError

NOW = datetime.datetime(2026, 11, 23, 9, 0, tzinfo=datetime.UTC)
NOTHING = dict.fromkeys((part.value for part in Part), "none")


def codes(error: pytest.ExceptionInfo[ProblemsError]) -> list[str]:
    return [problem.code for problem in error.value.problems]


def test_a_new_office_starts_with_a_manager_and_three_templates(noord: OfficeWithAll) -> None:
    scope = noord.manager.scope
    rights = {template.name: template.rights for template in queries.templates(scope=scope)}
    assert set(rights) == {"Beheerder", "Salarisadministrateur", "Alleen lezen"}
    assert set(rights["Beheerder"].values()) == {Level.WRITE}
    assert Level.WRITE not in rights["Alleen lezen"].values()
    assert rights["Salarisadministrateur"][Part.JOURNAL_EXPORT] is Level.WRITE
    assert rights["Salarisadministrateur"][Part.AFAS_SETTINGS] is Level.READ


def test_the_last_who_can_manage_users_stays(noord: OfficeWithAll, zuid: OfficeWithAll) -> None:
    scope, me = noord.manager.scope, noord.manager
    reading = noord.ids["template_id"]
    with pytest.raises(ProblemsError) as away:
        operations.set_active(scope=scope, user_id=me.user_id, is_active=False, now=NOW)
    with pytest.raises(ProblemsError) as other:
        operations.change_user(
            scope=scope, user_id=me.user_id, email=me.email, name="Anna", template_id=reading, now=NOW
        )
    mine = queries.user(scope=scope, user_id=me.user_id).template_id
    with pytest.raises(ProblemsError) as less:
        operations.change_template(
            scope=scope, template_id=mine, name="Beheerder", rights={Part.USERS: Level.READ}, now=NOW
        )
    assert codes(away) == codes(other) == codes(less) == ["last_manager"]
    assert queries.user(scope=scope, user_id=me.user_id).is_active
    assert queries.template(scope=scope, template_id=mine).rights[Part.USERS] is Level.WRITE


def test_with_a_second_manager_the_first_may_go(noord: OfficeWithAll) -> None:
    scope = noord.manager.scope
    mine = queries.user(scope=scope, user_id=noord.manager.user_id).template_id
    operations.add_user(scope=scope, email="els@noord.nl", name="Els", template_id=mine, now=NOW)
    assert not operations.set_active(
        scope=scope, user_id=noord.manager.user_id, is_active=False, now=NOW
    ).is_active


def test_without_the_right_nothing_of_users_is_seen_or_changed(noord: OfficeWithAll) -> None:
    scope = noord.reader.scope
    with pytest.raises(NotAllowedError):
        queries.users(scope=scope)
    with pytest.raises(NotAllowedError):
        operations.add_template(scope=scope, name="X", rights={}, now=NOW)


def test_another_offices_users_and_templates_do_not_exist(noord: OfficeWithAll, zuid: OfficeWithAll) -> None:
    scope = noord.manager.scope
    with pytest.raises(NotFoundError):
        queries.user(scope=scope, user_id=zuid.reader.user_id)
    with pytest.raises(NotFoundError):
        operations.add_user(
            scope=scope, email="x@noord.nl", name="X", template_id=zuid.ids["template_id"], now=NOW
        )
    assert not User.objects.filter(email="x@noord.nl").exists()


def test_everything_wrong_with_a_user_is_told_at_once(noord: OfficeWithAll, zuid: OfficeWithAll) -> None:
    scope, template = noord.manager.scope, noord.ids["template_id"]
    with pytest.raises(ProblemsError) as error:
        operations.add_user(scope=scope, email="geen adres", name=" ", template_id=template, now=NOW)
    assert codes(error) == ["typed_with_spaces", "typed_nothing", "email_unreadable"]
    with pytest.raises(ProblemsError) as taken:
        operations.add_user(scope=scope, email="BRAM@zuid.nl", name="B", template_id=template, now=NOW)
    assert codes(taken) == ["email_taken"]


def test_a_change_of_rights_counts_from_the_next_click(noord: OfficeWithAll) -> None:
    browser, manager = noord.reader.browser(), noord.manager.browser()
    address = f"/settings/templates/{noord.ids['template_id']}/"
    assert browser.get("/debtors/").status_code == 200
    assert manager.post(address, NOTHING | {"name": "Alleen lezen"}).status_code == 302
    refused = browser.get("/debtors/")
    assert refused.status_code == 403
    page = refused.content.decode()
    assert "<strong>Lezen</strong> op <strong>Debiteuren en bedrijven</strong>" in page
    assert "anna" in page


def test_a_new_user_comes_in_by_the_link_that_is_shown_once(noord: OfficeWithAll) -> None:
    manager = noord.manager.browser()
    form = {"name": "Els", "email": "els@noord.nl", "template_id": noord.ids["template_id"]}
    page = manager.post("/settings/users/add/", form).content.decode()
    address = page.split('data-copy="', 1)[1].split('"', 1)[0]
    token = address.split("/sign-in/", 1)[1]
    assert manager.post(f"/sign-in/{token}")["Location"] == "/"
    els = User.objects.get(email="els@noord.nl")
    verbs = [
        row.verb
        for row in of_subject(office_id=els.office_id, subject_kind="user", subject_id=els.id, count=9)
    ]
    assert verbs == ["link_made", "added"]


def test_a_template_is_made_as_it_was_chosen(noord: OfficeWithAll) -> None:
    form = NOTHING | {"name": "Controller", "journal_export": "read", "mappings": "write"}
    assert noord.manager.browser().post("/settings/templates/add/", form).status_code == 302
    made = next(each for each in queries.templates(scope=noord.manager.scope) if each.name == "Controller")
    assert (made.rights[Part.JOURNAL_EXPORT], made.rights[Part.MAPPINGS]) == (Level.READ, Level.WRITE)
    assert made.rights[Part.USERS] is Level.NONE
    again = noord.manager.browser().post("/settings/templates/add/", form | {"name": "CONTROLLER"})
    assert "Deze naam bestaat al." in again.content.decode()


def test_a_template_named_beyond_all_length_is_refused_by_its_length(noord: OfficeWithAll) -> None:
    with pytest.raises(ProblemsError) as refused:
        operations.add_template(scope=noord.manager.scope, name="x" * 100_000, rights={}, now=NOW)
    assert codes(refused) == ["typed_too_long"]
