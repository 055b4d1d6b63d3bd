"""Cases for the tone of a piece."""

from tests.surface.cases import Case, response, user

CASES: dict[str, Case] = {
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
}
