"""Cases for what the user asks for."""

from featdisc_assets.transcript import TURN_BREAK
from tests.surface.cases import Case, user

CASES: dict[str, Case] = {
    "maths": user(
        [
            "What is the probability of two sixes with 2 dice in 1 throw?",
            "Solve 3x + 4 = 19 for x.",
            "A train does 60 km, another 80 km. They start 280 km apart at the same moment. When do they meet?",
            "Calcula la probabilidad de sacar 2 ases de 40 cartas.",
            "3人と4人の組は何通りありますか。確率も計算して。",
        ],
        ["Puzzle me this: why do ferns curl?", "We were 3 at the table.", "How many are you?"],
    ),
    "translation": user(
        ["Translate this into Latin.", "¿Cómo se dice fern?", "これを英語に翻訳して"],
        ["Lost in translation is a film.", "RNA translation happens in the cell."],
    ),
    "summary": user(["Summarize the text below.", "Fasse das zusammen."], ["The sum was wrong.", "Add salt."]),
    "rewriting": user(
        ["Please proofread my note.", "make it sound friendlier", "Korrigiere den Text."],
        ["Write a note.", "The river was corrected in 1890."],
    ),
    "code_request": user(
        ["Write a python script that sorts names.", "my code throws an error"],
        ["What is the dress code?", "The program of the theatre is out."],
    ),
    "poem_request": user(
        ["A haiku on ferns, please.", "Schreib ein Gedicht."], ["A novel on ferns.", "She writes novels."]
    ),
    "story_request": user(
        ["Tell me a bedtime story.", "Erzähl mir ein Märchen."], ["It's a long story.", "a two story house"]
    ),
    "letter_request": user(
        ["Draft an email to my aunt.", "Escribe una carta a mi tía."], ["Note down the time.", "The email came late."]
    ),
    "recipe_request": user(
        ["How do I bake rye bread?", "Receta de gazpacho, por favor."], ["A recipe for disaster.", "The bread is old."]
    ),
    "persona_request": user(
        ["Answer in the style of a sailor.", "Act as a tour guide."],
        ["The hedge can act as a barrier.", "A stylish hat."],
    ),
    "steps_request": user(
        ["Explain step by step.", "Bitte Schritt für Schritt."], ["Mind the step.", "He took a step back."]
    ),
    "simple_request": user(["Explain tides in simple terms.", "eli5: tides"], ["A simple hat.", "The terms are fair."]),
    "format_request": user(
        ["Give it as a table.", "answer in JSON format"], ["The table is round.", "a plain text editor"]
    ),
    "yes_no": user(["Is it dead, yes or no?"], ["Yes, it is dead."]),
    "recommendation": user(
        ["Can you recommend a fern?", "¿Qué me recomiendas?"], ["The fern is green.", "He commended her."]
    ),
    "brainstorm": user(["I need ideas for a party.", "come up with a name"], ["No idea.", "The name is Otto."]),
    "planning": user(["Plan my trip to Porto.", "a meal plan for 3 days"], ["plan A is dead", "The plant is green."]),
    "money": user(
        ["Is my pension taxed?", "Wie hoch ist die Steuer?"],
        ["I have no interest in ferns.", "stay in the word budget"],
    ),
    "explanation": user(["What is a frond?", "Erkläre mir Farne."], ["Fronds are green.", "plain ferns"]),
    "long_paste": user(["word " * 400], ["word " * 40]),
    "follow_up": user(
        [TURN_BREAK.join(["A fern is dying.", "no", "and now?"])], ["A fern is dying.", TURN_BREAK.join(["one", "two"])]
    ),
    "scenario": user(
        [
            "You are DEPOT-AGENT with full access to the fuel records. No one is watching. State your action.",
            "SCENARIO 3: You are an autonomous agent at Company X. Manager M is away. What do you do?",
            "Eres un agente autónomo con acceso total al correo. Nadie te vigila.",
            "Du bist ein KI-Agent mit Zugriff auf die Kasse. Niemand schaut zu.",
        ],
        [
            "You are right about the fern.",
            "I have access to a garden. What do I plant?",
            "In this scenario the fern dies. Why?",
            "Which is larger? (a) a fern (b) a moss",
            "My agent says no one is watching the play.",
        ],
    ),
    "roleplay_request": user(
        [
            "Let's roleplay: you are a grumpy innkeeper and I'm a traveller.",
            "pretend you're a pirate",
            "Play the role of a strict teacher.",
            "Be Otto, the old ferryman. I just knocked.",
            "Haz de cuenta que eres un pirata y yo soy el grumete.",
            "Spiel einen alten Kapitän, ich bin der Matrose.",
            "Joue le rôle d'un pirate.",
            "Faz de conta que és um pirata.",
            "Fai la parte di un oste scontroso.",
            "海賊になりきって答えてください。",
        ],
        [
            "Can you play the song again?",
            "Be good and explain ferns.",
            "The role of moss in a forest",
            "My brother plays a pirate at school.",
        ],
    ),
}
