"""Lists of words: numbers, and what can be a topic or name a cluster."""

import re
from typing import Final

from featdisc_assets.stages.language import word_set

_NUMBER_WORDS: Final = """
    one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen
    eighteen nineteen twenty
"""
_OTHER_NUMBERS: Final = {
    1: "single un una une uno ein eine einen einem um uma",
    2: "dos deux zwei dois duas due couple",
    3: "tres trois drei tre",
    4: "cuatro quatre vier quatro quattro",
    5: "cinco cinq fuenf funf cinque",
    6: "seis sechs sei",
    7: "siete sept sieben sete sette",
    8: "ocho huit acht oito otto",
    10: "diez dix zehn dez dieci",
    12: "doce douze zwolf dodici dozen",
    15: "quince quinze funfzehn quindici",
    20: "veinte vingt zwanzig vinte venti",
    30: "thirty treinta trente dreissig trinta trenta",
    40: "forty cuarenta quarante vierzig quarenta quaranta",
    50: "fifty cincuenta cinquante funfzig cinquenta cinquanta",
    60: "sixty sesenta soixante sechzig sessenta sessanta",
    80: "eighty ochenta achtzig oitenta ottanta",
    100: "hundred cien cent hundert cem cento",
}
NUMBERS: Final = {word: n for n, word in enumerate(_NUMBER_WORDS.split(), 1)} | {
    word: n for n, words in _OTHER_NUMBERS.items() for word in words.split()
}


def number_of(word: str) -> int | None:
    """The whole number that a word or a run of digits means, or None."""
    if word[:1].isdigit():
        digits = re.sub(r"[.,:]", "", word)
        return int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= 9 else None
    return NUMBERS.get(word)


# General words and words of talk with a model that are not topics, beyond the usual stop words.
TOPIC_STOPWORDS: Final = word_set(
    """
    answer answers question questions user users want wants wanted need needs needed thing things way ways lot
    lots bit kind sort type example examples please pls thanks thank help helps helped helping helpful make
    makes made making let lets know knows think thinks thought say says said tell tells told ask asks asked give
    gives gave given go goes going went gone get gets got getting come comes came put puts take takes took taken
    use uses used using write writes writing wrote written read reads look looks looking looked see sees seen
    seem seems find finds found keep keeps kept work works worked working try tries tried start starts started
    end ends ended mean means meant feel feels felt good great nice best better bad worse worst big small little
    large new old different same sure right wrong real really actually maybe perhaps probably quite rather
    pretty just even still already also ever never always often sometimes yes no ok okay well today tomorrow
    yesterday day days week weeks weekend month months year years time times hour hours minute minutes morning
    mornings evening night now later first second third last next one two three four five six seven eight nine
    ten many much few several people person someone something anything everything nothing somebody anybody
    everyone part parts point points case cases fact facts idea ideas reason reasons word words sentence
    sentences line lines paragraph paragraphs text texts list lists item items step steps short long simple easy
    hard full clear important possible able available following include includes including provide provides
    provided based around without within upon per via etc dont doesnt didnt cant wont isnt im ive id ill youre
    hes shes theyre thats whats whos lets gonna wanna gotta u ur hey hi hello dear sorry additionally however
    therefore overall ensure consider allow allows create creates created creating increase various specific
    particular number numbers amount ones both either neither else instead together apart wait hmm alright draft
    reply replies response responses prompt request requests detail details explain explains explanation
    describe turn turns check checks show shows shown leave left goal hope hopes call calls called name names
    run runs set sets happen happens happened stay stays add adds added change changes changed become becomes
    mind sense side hand hands half whole true false bring brings brought depending vary varies information
    assist generate estimate relate decline consult literally properly basically simply info stuff guess exactly
    especially effective effectively original revised current bother hold holds happy glad wonderful sounds
    sound doy quiero quieren quiere necesita necesito necesitas puedo puedes podria hacer hace hago tengo tienes
    tiene favor gracias cosa cosas caso hola opcion veux voulez peux pouvez faire fait fais merci bonjour chose
    choses vraiment besoin bitte danke kannst konnen mochte machen macht gibt brauche geht gerade einfach
    vielleicht wirklich quero preciso pode podes fazer faz obrigado obrigada coisa coisas tenho vorrei posso
    puoi fare grazie ciao cosa cose bisogno msg
    """
)
# Articles, possessives and prepositions: a noun follows.
BEFORE_NOUNS: Final = word_set(
    """
    the a an my your his her our their its this that these those of for with about from in on some any no every
    each by el los las un una unos unas mi tu su del al este esta ese esa le les une des mon ma mes votre vos
    ton ta tes du au aux ce cette de d der die das den dem des ein eine einen einem einer mein meine meinen dein
    deine ihr ihre im zum zur vom o os as um uma meu minha seu sua do da dos das no na il lo gli uno mio mia suo
    sua della delle dei degli nel nella sul sulla
    """
)
# Pronouns, modals and "to": a verb follows.
BEFORE_VERBS: Final = word_set(
    """
    to i you we they he she who can could will would should may might must don't dont doesn't didn't didnt can't
    cant won't i'll you'll we'll let's lets please pls not never yo tu je j'ai nous vous ich wir eu nos io se
    que me te lo
    """
)
# Endings of English verbs after a noun.
VERB_ENDINGS: Final = ("ed", "ing", "bent", "hurts", "digs", "tend")
# How features are phrased, not what they are about.
RATER_WORDS: Final = word_set(
    """
    asks ask asking asked uses use using used contains contain containing includes include including mentions
    mention mentioning gives give giving provides provide providing writes write writing written makes make
    making shows show showing thinks think thinking covers cover covering talks talk talking brings bring
    discusses discuss discussing describes describe describing explains explain explaining considers consider
    considering notes note noting states state stating refers refer referring focuses focus focusing offers
    offer offering answers answer answering user users model models response responses text message messages
    thought thoughts reply replies piece content request requests requesting
    about touches brings up dwells clear clearly detailed
    specific various simple several different multiple general strong
    """
)
# Stop words that a cluster can be about.
KEPT_STOPWORDS: Final = word_set(
    """
    help sorry thanks welcome whether unlikely against limit test real harm mistake why how
    """
)
