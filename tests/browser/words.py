"""What is written on the screens, in either language: the article's own words literally, all others as translated."""

import gettext
from pathlib import Path

import loonbrug
from afas_sandbox.pages.words import Language, translator

LOCALE = Path(loonbrug.__file__).parent / "locale"

#: English text of the screens: what the Dutch article (and with it every user) calls it.
ARTICLE = {
    "Settings": "Instellingen",
    "Integration": "Integratie",
    "AFAS Profit settings": "AFAS Profit instellingen",
    "Write": "Schrijven",
    "New account": "Nieuw account",
    "Participant number": "Abonneenummer",
    "User": "Gebruiker",
    "Generate activation code": "Genereer activatiecode",
    "Password requested": "Wachtwoord aangevraagd",
    "Authentication": "Authenticatie",
    "Authentication completed": "Authenticatie afgerond",
    "Reset Authentication": "Authenticatie opnieuw instellen",
    "Administrations": "Administraties",
    "New mapping": "Nieuwe mapping",
    "Journal export": "Journaalposten Export",
    "Cost centres": "Kostenplaatsen",
    "Cost units": "Kostendragers",
    "Message": "Melding",
    "Cause": "Oorzaak",
    "Solution": "Oplossing",
    "Again": "Opnieuw",
}


class Words:
    """Called with an English text, gives what stands on the screen."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self.afas = translator(language)
        self._texts = gettext.translation("django", LOCALE, [language], fallback=True)

    def __call__(self, text: str, context: str = "", **values: object) -> str:
        if self.language == "nl" and text in ARTICLE:
            return ARTICLE[text]
        found = self._texts.pgettext(context, text) if context else self._texts.gettext(text)
        return found % values if values else found

    def count(self, one: str, more: str, count: int) -> str:
        """A text that depends on a number."""
        return self._texts.ngettext(one, more, count) % {"count": count}
