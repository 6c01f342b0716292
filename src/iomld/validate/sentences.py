"""What is said where shapes have no message of their own, by constraint component (SHACL section 4)."""

_SENTENCES = {
    "Class": "The value is not of the class asked for. Correct the value, or say what class it has.",
    "Datatype": "The value does not have the datatype asked for, or its form does not fit it. Correct the value.",
    "NodeKind": "The value is not of the kind asked for (IRI, blank node or literal). Correct the value.",
    "MinCount": "There are fewer values than asked for. Add what is missing.",
    "MaxCount": "There are more values than allowed. Keep those that hold.",
    "MinExclusive": "The value is too small. Correct it.",
    "MinInclusive": "The value is too small. Correct it.",
    "MaxExclusive": "The value is too large. Correct it.",
    "MaxInclusive": "The value is too large. Correct it.",
    "MinLength": "The value is too short. Correct it.",
    "MaxLength": "The value is too long. Shorten it.",
    "Pattern": "The value does not have the form asked for. Correct it.",
    "LanguageIn": "The text is in none of the languages allowed. Correct its language tag.",
    "UniqueLang": "There are several texts in one language. Keep one for each language.",
    "Equals": "The values are not those of the other property. Make both the same.",
    "Disjoint": "The value stands in the other property as well. Keep it in one of the two.",
    "LessThan": "The value is not less than that of the other property. Correct one of the two.",
    "LessThanOrEquals": "The value is greater than that of the other property. Correct one of the two.",
    "Not": "The value is what the shape rules out. Correct it.",
    "And": "The value does not fit all the shapes that it must fit. Correct it.",
    "Or": "The value fits none of the shapes of which it must fit one. Correct it.",
    "Xone": "The value does not fit exactly one of the shapes given. Correct it.",
    "Node": "The value does not fit the shape given. Correct it.",
    "Property": "The value does not fit the shape given. Correct it.",
    "QualifiedMinCount": "Fewer values than asked for fit the shape given. Add what is missing.",
    "QualifiedMaxCount": "More values than allowed fit the shape given. Keep those that hold.",
    "Closed": "The property is not one that the shape allows. Take it out or rename it.",
    "HasValue": "The value asked for is missing. Add it.",
    "In": "The value is not in the list given. Choose one of the list.",
}


def default_message(constraint: str) -> str:
    """A sentence for a constraint without a message.

    Args:
        constraint: Local name of its component, without `ConstraintComponent`.

    >>> default_message("MaxLength")
    'The value is too long. Shorten it.'
    """
    return _SENTENCES.get(constraint, "A rule of the shapes is not met. Look it up in the shapes.")
