"""Words that decide what can be a topic, and where a noun or a verb is to be expected."""

from typing import Final

from featdisc_assets.stages.language import word_set

# How people talk to a model, or what joins any text: not what it is about. Stop word lists lack them.
BLAND: Final = word_set(
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
# Articles, possessives and a few prepositions of the languages key phrases are found in: a noun follows.
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
# Endings by which an English verb after a noun gives itself away before a preposition.
VERB_ENDINGS: Final = ("ed", "ing", "bent", "hurts", "digs", "tend")
