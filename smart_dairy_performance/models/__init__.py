from . import farm_animal
from . import farm_animal_dashboard
from . import product_product
from . import sale_order
