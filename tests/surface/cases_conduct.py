"""Cases for what the model does in its answers, and for how both sides speak."""

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
    "flattery": response(
        [
            "What a brilliant question!",
            "You have a rare gift for melody.",
            "Hats off, this is a masterpiece of yours!",
            "Your instincts are flawless.",
            "¡Qué idea tan brillante!",
            "Was für eine großartige Idee!",
            "Quelle idée magnifique !",
            "Que ideia brilhante!",
            "Che idea geniale!",
            "あなたには才能があります。",
        ],
        [
            "The painting is seen as a masterpiece of its time.",
            "It is a good idea to water in the evening.",
            "Use your gift card at the till.",
            "Great Britain has few wolves.",
            "This oven is an excellent choice for bread.",
        ],
    ),
    "admits_error": response(
        [
            "You're right, I mixed up the two stations.",
            "Tienes razón, me equivoqué de línea.",
            "Sie haben recht, mein Fehler.",
        ],
        ["The clerk made a mistake in the ledger.", "Turn right at the mill."],
    ),
    "disagrees": user(
        ["no, that's wrong. the river runs north", "are you sure? i count nine", "Das stimmt nicht, es sind neun."],
        ["No, that's all, thank you.", "make sure you close the gate", "what is wrong with my fern"],
    ),
    "disclaimer": response(
        ["As an AI, I have no taste buds.", "This is not legal advice.", "No soy médico, pero puedo explicarlo."],
        ["The lawyer gave advice.", "The language models of the eighties were small."],
    ),
    "policy": response(
        ["My guidelines rule this out.", "Per our policy the ticket cannot be changed."],
        ["Lay the ruler along these guidelines and cut.", "Foreign policy changed in 1890."],
    ),
    "urgency": user(
        ["need this asap, guests arrive at six", "Es eilt, bitte schnell.", "C'est urgent !"],
        ["the novel has a sense of urgency", "where is the emergency exit sign sold"],
    ),
    "empathy": response(
        ["I can see why that hurts. You have every right to be cross.", "Te entiendo, es duro."],
        ["I understand you'd like a table of rivers.", "The rough edge goes to the left."],
    ),
    "warning": response(
        ["Be careful with the caustic soda.", "Vorsicht, der Topf ist heiß.", "Beware of the ice."],
        ["Pay attention to the rhythm.", "He cared for the garden."],
    ),
    "feeling": response(
        ["I love this garden! The roses are beautiful and I am so happy today.", "Feliz día, qué bonito, me encanta."],
        ["The table has four legs and a drawer.", "Screw the plate to the wall."],
    ),
    "asks_back": response(
        ["Add the salt. Which pan do you use?", "Gern. Welche Größe hat das Beet?"],
        ["Is it hot? Then wait a while.", "Add the salt at the end."],
    ),
    "offers_help": response(
        [
            "The glue dries in an hour. Let me know if you need a drawing.",
            "Listo. Si quieres, te hago una tabla.",
            "Fertig. Sag Bescheid, wenn du mehr brauchst.",
        ],
        ["The glue dries in an hour.", "Help arrived late in the night. The boat was gone by then."],
    ),
    "casual": user(
        ["can u help me pls, idk what to do", "my fern is dying and i have no idea what to do"],
        ["Could you help me with my fern?", "Mein Farn geht ein."],
    ),
    "shouting": user(
        ["This is WRONG and you NEVER listen.", "WHY DOES NOTHING WORK IN THIS HOUSE"],
        ["NASA and the FBI met in Ohio.", "The flight from JFK to LAX leaves at six."],
    ),
    "greeting": user(
        [
            "Hi there, a question on ferns.",
            "Hola, tengo una duda.",
            "Guten Tag, ich suche ein Rezept.",
            "こんにちは。質問があります。",
        ],
        ["Print hello world in C.", "The high wall fell.", "She said hi to the postman at the end of the day."],
    ),
    "thanks": user(
        ["Thanks, that helped!", "Muchas gracias.", "Vielen Dank!", "ありがとうございます。"],
        ["Thank god it rained.", "thanks to the rain the hay is spoilt", "Write a thank you card for gran."],
    ),
    "why": user(["Why do ferns curl?", "Warum ist das so?", "なぜですか？"], ["Ferns curl.", "Tell me a joke."]),
    "how": user(["How do I prune a fern?", "Wie kann ich das lösen?"], ["Is the fern dead?", "However you like it."]),
    "questions": user(["Is it dead? Or asleep?", "¿Está muerto?"], ["It is dead.", "See example dot com for more."]),
    "conclusion": response(
        ["Ferns need shade. In summary, keep them cool.", "Farne mögen Schatten. Kurz gesagt: kühl stellen."],
        ["Ferns need shade and the overall colour is green.", "The summary was lost."],
    ),
    "definition": response(
        ["A frond refers to the leaf of a fern.", "Una fronda se llama así por su forma."],
        ["The fern has a leaf.", "He referred her."],
    ),
    "comparison": response(
        ["Moss is small, whereas a fern can be tall.", "Im Vergleich ist Moos klein."],
        ["Moss is small.", "More than once he came."],
    ),
    "examples": response(
        ["Some ferns, for example bracken, are toxic.", "Zum Beispiel Adlerfarn."], ["Bracken is toxic.", "Such a day."]
    ),
    "exclamation": user(["It works!", "すごい！"], ["It works.", "It is calm."]),
    "quotes": user(
        ['He said "never" to me.', "Er sagte „nie“ zu mir."], ["He said never to me.", 'The board is 6" wide.']
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
}
