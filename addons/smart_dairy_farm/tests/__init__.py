from . import (
    test_animal_exit,
    test_animal_identity,
    test_animal_pedigree,
    test_database_rules,
    test_figures,
    test_herd_as_of,
    test_lactation,
    test_milk_record,
    test_nullable_numbers,
    test_security,
    test_withdrawal,
)
