"""Frameworks by the names that texts give them: articles, plurals, possessives, lists of parts, and look-alikes."""

import pytest

from iomld.assets import load_vocabulary
from iomld.link.frameworks import build_matcher

MATCHER = build_matcher(load_vocabulary())


@pytest.mark.parametrize(
    ("language", "text", "codes"),
    [
        ("en", "establish a migration governance framework in Zimbabwe", ""),
        ("en", "in line with IOM's Migration Governance Framework", "migof"),
        ("en", "a regional conference on migration was held in Lima", ""),
        ("en", "SDG 16/17 and SDG10.7", "sdg-goal-16 sdg-goal-17 sdg-target-10.7"),
        ("en", "progress on SDGs 8, 10 and 16 & 17", "sdg-goal-8 sdg-goal-10 sdg-goal-16 sdg-goal-17"),
        ("en", "the Sustainable Development Goals' targets", "sdg"),
        ("en", "the 2030 Agenda's pledge; the UN’s Global Compact on Refugees", "agenda-2030 gcr"),
        ("en", "the United Nations' Global Compact for Safe, Orderly & Regular Migration", "gcm"),
        ("fr", "le Pacte mondial pour une migration sûre, ordonnée et régulière", "gcm"),
        ("fr", "les objectifs du développement durable (ODD 10.7)", "sdg sdg-target-10.7"),
        ("fr", "l'Agenda 2030 et le Cadre d’action de Sendai", "agenda-2030 sendai"),
        ("fr", "l’Accord de Paris sur les changements climatiques", "paris-agreement"),
        ("fr", "un cadre de gouvernance des migrations au Mali", ""),
        ("fr", "le Cadre de gouvernance des migrations de l’OIM", "migof"),
        ("fr", "la Convention n° 97 de l'OIT", "ilo-c097"),
        ("es", "el Pacto Mundial para la Migración Segura, Ordenada y Regular", "gcm"),
        ("es", "los ODS 8 y 10", "sdg-goal-8 sdg-goal-10"),
        ("es", "la Conferencia Suramericana sobre Migraciones (CSM)", "sacm sacm"),
        ("es", "Agenda 2030 de Desarrollo Sostenible", "agenda-2030"),
        ("es", "Convenio núm. 189 de la OIT", "ilo-c189"),
        ("en", "ILO C97, C143 and C189", "ilo-c097 ilo-c143 ilo-c189"),
        ("en", "in line with ILO Conventions 97 and 143 on labour", "ilo-c097 ilo-c143"),
        ("en", "ILO Conventions No. 97, No. 143, and the GCM", "ilo-c097 ilo-c143 gcm"),
        ("en", "ILO Conventions 87, 98 and 190", "ilo-c190"),
        ("en", "ILO Conventions 5 and 6", ""),
        ("fr", "les conventions n° 97 et 143 de l’OIT", "ilo-c097 ilo-c143"),
        ("es", "los Convenios núm. 97 y núm. 143 de la OIT", "ilo-c097 ilo-c143"),
        ("en", "in 2024, 2030 Agenda", "agenda-2030"),
        ("en", "Agenda 2030, 17 goals", "agenda-2030"),
        ("en", "Agenda 2030 and 2063", "agenda-2030 agenda-2063"),
        ("en", "the Global Compact (GCM) objectives 3 and 5", "gcm-objective-3 gcm-objective-5"),
        ("en", "Palermo Protocols", "palermo-trafficking"),
        ("en", "the UN Global Compact and companies", ""),
        ("en", "Compact of Free Association", ""),
        ("en", "the Bali process and the Colombo Process", "bali-process colombo-process"),
        ("en", "The 1969 OAU Refugee Convention", ""),
        ("en", "Migration Governance Indicators (MGI) assessment", "mgi mgi"),
        ("en", "developed migration governance indicators for cities", ""),
        ("en", "the organization's strategic plan and strategic results framework", ""),
        ("en", "the migration crisis operational framework (MCOF)", "mcof"),
        ("en", "Goal 8 of the SDGs and target 10.7", "sdg-goal-8"),
        ("en", "a global compact between the partners", ""),
        ("en", "Global Compact's implementation", ""),
        ("en", "the International Health Regulations (IHR, 2005)", "ihr-2005 ihr-2005"),
        ("en", "the Migration Policy Framework for Africa's pillars", "mpfa"),
        ("en", "the Sendai Framework's priorities; Sendai framework for disaster risk reduction", "sendai sendai"),
        ("en", "UN Protocol Against the Smuggling of Migrants by Land, Sea and Air", "palermo-smuggling"),
        (
            "en",
            "Protocol to Prevent, Suppress, and Punish Trafficking in Persons Especially Women and Children",
            "palermo-trafficking",
        ),
        ("en", "a national migration dialogue for West Africa", ""),
        ("en", "United Nations Convention Against Transnational Organised Crime", "untoc"),
        ("fr", "Principes directeurs relatifs aux déplacements internes", "guiding-principles-idp"),
        ("en", "SDG targets 8.7, 8.8 and 10.7", "sdg-target-8.7 sdg-target-8.8 sdg-target-10.7"),
        ("en", "the Goals 8 and 16 of the 2030 Agenda", "agenda-2030"),
        ("es", "meta 10.7 de los Objetivos de Desarrollo Sostenible", "sdg-target-10.7"),
        ("en", "GCM Objectives 2, 5/6", "gcm-objective-2 gcm-objective-5 gcm-objective-6"),
    ],
)
def test_a_text_names_these_frameworks(language: str, text: str, codes: str) -> None:
    """Each framework and part that the words name is found, and nothing else."""
    assert " ".join(code for match in MATCHER.matches(text, language) for code in match.codes) == codes
