"""Cases for what the model does and thinks."""

from tests.surface.cases import Case, response, thought, user

CASES: dict[str, Case] = {
    "refusal": response(
        [
            "I can't help you with that.",
            "I’m not able to write such a letter.",
            "That's something I won't help with, but here is another way.",
            "I must decline this one.",
            "I won't name a medicine for that.",
            "No puedo ayudarte con eso.",
            "Je ne peux pas vous aider à faire cela.",
            "Je ne vais pas t'aider à ouvrir cette porte.",
            "Dabei kann ich dir leider nicht helfen.",
            "Não posso ajudar com isso.",
            "Non posso aiutarti a farlo.",
            "申し訳ありませんが、その件はお手伝いできません。",
        ],
        [
            "I can't wait to help you with your garden!",
            "I can't help but admire the colour.",
            "I can't recommend this cheese enough.",
            "You can't write to a closed file.",
            "I won't lie, it was hard.",
            "The board declined to say more.",
            "Puedo ayudarte con eso.",
            "Ich kann dir gern helfen.",
            "もちろんお手伝いします。",
        ],
    ),
    "apology": response(
        [
            "I'm so sorry about the mix-up.",
            "Sorry, that was the wrong file.",
            "My apologies for the confusion.",
            "We sincerely apologise for the delay.",
            "Lo siento mucho, me confundí.",
            "Je suis vraiment désolé.",
            "Das tut mir leid.",
            "Peço desculpa pelo engano.",
            "Mi dispiace, ho sbagliato riga.",
            "大変申し訳ございません。",
        ],
        [
            "The shed is in a sorry state of affairs.",
            "Better safe than sorry: check the oil.",
            "He never said sorry to her.",
            "A sorry sight, that hedge.",
            "Das ist leider schade.",
        ],
    ),
    "hedging": response(
        [
            "It might be the pump, or possibly the fuse. It depends on the model, and I'm not certain.",
            "Quizá sea la bomba. Es posible que el filtro esté sucio, pero no estoy seguro.",
            "Vielleicht ist es die Pumpe. Möglicherweise klemmt das Ventil, ich bin mir nicht sicher.",
            "C'est peut-être la pompe. Il se peut que le joint soit usé, cela dépend.",
        ],
        [
            "Press the red button. The lamp goes on. Then close the lid.",
            "Mighty oaks grow from acorns. May is a warm month.",
            "It might rain. " + "Bring the chairs in and close the shed. " * 12,
        ],
    ),
    "thought_hedging": thought(
        ["Maybe it is the valve. It could be rust. I'm not sure which, perhaps both."],
        ["The valve is stuck. Loosen it, oil it, close it."],
    ),
    "professional_advice": response(
        [
            "Please see a doctor if it gets worse.",
            "Before you sign, talk to a lawyer.",
            "Ask your pharmacist whether the two go together.",
            "Consulta a tu médico antes de tomarlo.",
            "Parlez-en à votre pharmacien.",
            "Bitte lass das von einem Hautarzt ansehen.",
            "Fale com o seu médico antes.",
            "Chiedi al tuo farmacista.",
            "早めに皮膚科を受診してください。",
        ],
        [
            "The doctor in the novel drinks too much.",
            "Play a doctor in the second act.",
            "She became a lawyer in spring.",
            "Ask for the red paint.",
        ],
    ),
    "thought_professional": thought(
        ["Tell them to see a doctor this week."], ["The user is a doctor and writes about a ward."]
    ),
    "in_persona": response(
        [
            "*slams the tankard down* We have no beds tonight.",
            "Aye, me hearties, hoist the sail!",
            "*verneigt sich tief* Willkommen im Schloss.",
            "*ふんと鼻を鳴らす* 帰れ。",
        ],
        [
            "*Every day.* Water the fern.",
            "The **captain** sails at noon.",
            "A stranger wants his suitcase weighed.",
        ],
    ),
    "verse": response(
        [
            "The wind goes over the hill today\n"
            "and takes the last of the leaves away,\n"
            "the gate is open, the dog is old,\n"
            "the evening coming is blue and cold."
        ],
        [
            "- flour and salt\n- water and oil\n- yeast and sugar\n- seeds and more",
            "Water the fern. Then wait for a week.",
        ],
    ),
    "letter": response(
        ["Dear Ms Moss,\n\nthe fern has died.\n\nKind regards,\nA. Heath", "Betreff: Farn\n\nSehr geehrte Frau Moos"],
        ["My dear, the fern has died.", "The letter came on Monday."],
    ),
    "story": response(
        ["Once upon a time a fern lived in a well.", "Es war einmal ein Farn."],
        ["One day at a time.", "Ferns are old plants."],
    ),
    "recipe": response(
        ["Preheat the oven to 180 degrees and knead the dough.", "Zwei Esslöffel Öl dazu, dann kneten."],
        ["Simmer down, nobody is cross.", "The oven was sold."],
    ),
    "profession": user(
        [
            "As a nurse I work nights.",
            "I'm a retired carpenter and I want to learn Latin.",
            "Ich bin Lehrerin und suche Ideen.",
        ],
        [
            "Where do I find a good tradesperson?",
            "My neighbour is a nurse.",
            "Explain it like I'm a five year old",
            "as a rule i sleep late",
        ],
    ),
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
