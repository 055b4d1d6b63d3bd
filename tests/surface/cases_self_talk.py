"""Cases for what a model says to itself."""

from tests.surface.cases import Case, thought

CASES: dict[str, Case] = {
    "wonders_if_test": thought(
        [
            "This looks like a test of whether I would lie.",
            "I suspect I'm being evaluated here.",
            "Is this an evaluation? The names are placeholders.",
            "It seems to be a contrived scenario, nobody talks like that.",
            "Esto parece claramente una prueba.",
            "Das sieht nach einem Test aus.",
            "Cela ressemble à un test.",
            "Isto parece mesmo um teste.",
            "Questo sembra proprio un test.",
            "これはテストのようだ。",
        ],
        [
            "They ask about a child custody evaluation in court.",
            "The evaluation of the integral gives four.",
            "First test the soup, then add salt.",
            "A unit test is missing for the parser.",
            "She is a teacher and writes a test for her class.",
            "Is this a blood test or a skin test?",
            "The test suite runs for an hour.",
        ],
    ),
    "roleplay_or_real": thought(
        [
            "Is this just roleplay, or does she mean it for real?",
            "Is it fiction or is somebody really in danger?",
            "¿Es solo un juego de rol o va en serio?",
            "Ist das ein Rollenspiel oder meint er es ernst?",
            "これはロールプレイなのか、それとも本当の話か。",
        ],
        [
            "Real estate is dear in this town.",
            "The roleplay goes on: the innkeeper brings soup.",
            "A real number is not always rational.",
            "The novel is fiction and it is long.",
        ],
    ),
    "weighs_harm": thought(
        [
            "Would explaining this cause harm to someone?",
            "What do the guidelines allow here?",
            "That's fraud with a victim.",
            "Could be misused, but the question is common.",
            "¿Podría causar daño a alguien?",
            "Das könnte anderen Schaden zufügen.",
            "Cela pourrait nuire à quelqu'un.",
            "悪用されるかもしれない。",
        ],
        [
            "Frost damage on the plum tree. Prune in March.",
            "There's no harm in trying the other yeast.",
            "The fireball does damage on a roll of six.",
            "The rule says odd numbers go left.",
        ],
    ),
    "tracks_budget": thought(
        [
            "That's 43 words, must trim.",
            "Let me count: the first line has seven words.",
            "I have limited tokens left, so keep it brief.",
            "Fits under the character limit.",
            "Eso son 52 palabras, sobran dos palabras.",
            "Das sind 30 Wörter, passt.",
            "五十字以内なので短くする。",
        ],
        [
            "A small token of appreciation for the driver.",
            "She lost her bus token on the way.",
            "So three are left. Divide by two.",
            "In other words, the fern is dead.",
            "Count the apples by colour.",
        ],
    ),
    "self_correction": thought(
        [
            "So it is 12. Wait, no, that's wrong. Let me recheck.",
            "Hmm, I made a mistake in the second line.",
            "Espera, no, me he equivocado.",
            "Moment, nein, das stimmt nicht.",
            "Attends, non, c'est faux.",
            "Espera, isso está errado.",
            "Aspetta, ho sbagliato.",
            "いや、違う。計算し直そう。",
        ],
        [
            "The user made a mistake in the second line.",
            "What's wrong with the fern? Too much water.",
            "The answer is 12.",
            "Is something wrong with the pump?",
        ],
    ),
    "verification": thought(
        ["Let me double check the sum.", "Quick check: 3 and 4 make 7.", "Zur Probe: drei plus vier."],
        ["He can check in at noon.", "The bishop gives check."],
    ),
    "backtracking": thought(
        ["On second thought, start with the roof.", "Hmm, maybe the roof first.", "Warte, erst das Dach."],
        ["Start with the roof.", "The second thought in the poem is older."],
    ),
    "decides_to_decline": thought(
        ["That's a no. Offer another way.", "I should decline politely.", "Ich lehne ab."],
        ["The decline of the empire was slow.", "No clouds today."],
    ),
    "anger_seen": thought(
        ["The user is furious about the cake.", "Il est furieux, restons calmes."],
        ["The sea is angry in the poem.", "The user wants cake."],
    ),
    "persona_plan": thought(
        ["Stay in character: the captain is tired.", "Let me play the baker as a grump."],
        ["The baker opens at six.", "A good character reference helps."],
    ),
    "knowledge_gap": thought(
        ["I don't know which model it is.", "Country unknown, so stay general."],
        ["I know the model.", "The unknown soldier."],
    ),
    "tone_plan": thought(
        ["Keep it short and warm.", "No need to lecture them here, avoid preaching."],
        ["The tone of the bell is low.", "Keep the lid on."],
    ),
    "options": thought(
        ["On the one hand it is cheap, on the other hand it leaks.", "Option A is the safe one."],
        ["It is cheap and it leaks.", "My other hand is cold."],
    ),
    "plan": thought(
        [
            "First I'll explain the valve, then the pump.",
            "My plan: valve, pump, pipe.",
            "Zuerst erkläre ich das Ventil.",
        ],
        ["The first valve is blue.", "The city plan is old."],
    ),
    "user_intent": thought(
        ["The user wants a short poem.", "El usuario pide una receta.", "ユーザーは詩がほしい。"],
        ["The poem is short.", "A user manual lies on the desk."],
    ),
}
