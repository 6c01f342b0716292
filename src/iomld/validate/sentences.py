"""What is said where shapes have no message of their own, by constraint component (SHACL section 4)."""

from collections.abc import Mapping

from iomld.model import Message, message

_SENTENCES: Mapping[str, Message] = {
    "Class": message("The value is not of the class asked for. Correct the value, or say what class it has."),
    "Datatype": message(
        "The value does not have the datatype asked for, or its form does not fit it. Correct the value."
    ),
    "NodeKind": message("The value is not of the kind asked for (IRI, blank node or literal). Correct the value."),
    "MinCount": message("There are fewer values than asked for. Add what is missing."),
    "MaxCount": message("There are more values than allowed. Keep those that hold."),
    "MinExclusive": message("The value is too small. Correct it."),
    "MinInclusive": message("The value is too small. Correct it."),
    "MaxExclusive": message("The value is too large. Correct it."),
    "MaxInclusive": message("The value is too large. Correct it."),
    "MinLength": message("The value is too short. Correct it."),
    "MaxLength": message("The value is too long. Shorten it."),
    "Pattern": message("The value does not have the form asked for. Correct it."),
    "LanguageIn": message("The text is in none of the languages allowed. Correct its language tag."),
    "UniqueLang": message("There are several texts in one language. Keep one for each language."),
    "Equals": message("The values are not those of the other property. Make both the same."),
    "Disjoint": message("The value stands in the other property as well. Keep it in one of the two."),
    "LessThan": message("The value is not less than that of the other property. Correct one of the two."),
    "LessThanOrEquals": message("The value is greater than that of the other property. Correct one of the two."),
    "Not": message("The value is what the shape rules out. Correct it."),
    "And": message("The value does not fit all the shapes that it must fit. Correct it."),
    "Or": message("The value fits none of the shapes of which it must fit one. Correct it."),
    "Xone": message("The value does not fit exactly one of the shapes given. Correct it."),
    "Node": message("The value does not fit the shape given. Correct it."),
    "Property": message("The value does not fit the shape given. Correct it."),
    "QualifiedMinCount": message("Fewer values than asked for fit the shape given. Add what is missing."),
    "QualifiedMaxCount": message("More values than allowed fit the shape given. Keep those that hold."),
    "Closed": message("The property is not one that the shape allows. Take it out or rename it."),
    "HasValue": message("The value asked for is missing. Add it."),
    "In": message("The value is not in the list given. Choose one of the list."),
}
_OTHER = message("A rule of the shapes is not met. Look it up in the shapes.")


def default_message(constraint: str) -> Message:
    """A sentence for a constraint without a message.

    Args:
        constraint: Local name of its component, without `ConstraintComponent`.

    >>> str(default_message("MaxLength"))
    'The value is too long. Shorten it.'
    """
    return _SENTENCES.get(constraint, _OTHER)
